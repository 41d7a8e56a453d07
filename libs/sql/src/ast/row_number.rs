//! `ROW_NUMBER() OVER (…)`.

use super::expression::Walk;
use crate::error::{Place, Problem};
use crate::functions::ROW_NUMBER;
use datafusion_sql::sqlparser::ast::{Function, FunctionArguments, Ident, ObjectName, Spanned, WindowType};

impl Walk<'_> {
    /// The only function with OVER, for window Top-N and deduplication.
    pub(super) fn row_number(
        &mut self,
        function: &mut Function,
        name: &str,
        place: &Place,
    ) -> Result<(), Problem> {
        if name != ROW_NUMBER || !self.allow_row_number {
            let what = match name {
                ROW_NUMBER => "ROW_NUMBER outside the SELECT list".into(),
                _ => format!("{} OVER", name.to_uppercase()),
            };
            return Err(Problem::unsupported(place, what));
        }
        let no_arguments = matches!(&function.args, FunctionArguments::List(list) if list.args.is_empty());
        if !no_arguments || function.filter.is_some() || function.null_treatment.is_some() {
            return Err(Problem::new(place, "ROW_NUMBER takes no arguments"));
        }
        let Some(WindowType::WindowSpec(spec)) = &mut function.over else {
            return Err(Problem::unsupported(place, "a named WINDOW"));
        };
        if spec.window_name.is_some() || spec.window_frame.is_some() {
            return Err(Problem::new(place, "ROW_NUMBER takes no window frame"));
        }
        if spec.order_by.is_empty() {
            return Err(Problem::new(place, "the OVER clause of ROW_NUMBER must have an ORDER BY"));
        }
        self.all(&mut spec.partition_by)?;
        for by in &mut spec.order_by {
            self.expression(&mut by.expr)?;
            // NULL is the least value.
            by.options.nulls_first = by.options.nulls_first.or(Some(by.options.asc != Some(false)));
        }
        function.name = ObjectName::from(vec![Ident {
            value: name.into(),
            quote_style: Some('`'),
            span: function.name.span(),
        }]);
        Ok(())
    }
}
