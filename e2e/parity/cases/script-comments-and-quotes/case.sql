-- feature: Scripts | comments, quotes inside texts, semicolons in texts, keywords in any case
-- verdict: same
-- rows: 1
/* a comment; with a semicolon */
create table orders (id int /* why not */, s string) with (${input:orders});
-- another; comment
Create Table results (id INT, a STRING, b STRING, c STRING) With (${output});
insert into results select id, 'it''s; -- no comment', '/* neither */', s from orders -- the end
;
