//! Expressions at the limits of their types.

use super::check;
use expect_test::expect;

/// What `e2e/parity` saw Flink give.
#[test]
fn at_the_limits() {
    check(
        "p % 3
        MOD(p, 0.125)
        CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)) + 1
        CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)) * 1
        CAST('1.5' AS DECIMAL(38, 18)) * CAST('1.00000005' AS DECIMAL(30, 10))
        CAST(CAST('12345678901.9' AS DECIMAL(20, 1)) AS INT)
        CAST('12.5' AS INT)
        TRY_CAST('1e3' AS INT)
        TRY_CAST('128' AS TINYINT)
        TRY_CAST(' true ' AS BOOLEAN)
        ABS(CAST('-2147483648' AS INT))
        SQRT(d)
        ROUND(-0.4E0)
        CAST('NaN' AS DOUBLE) > d
        CAST('NaN' AS DOUBLE) <> CAST('NaN' AS DOUBLE)
        CAST(0.1 AS FLOAT) + 0.1E0
        0.1E0 + CAST(0.1 AS FLOAT)
        TO_TIMESTAMP('2023-02-30 01:02:03')
        TO_TIMESTAMP('2023-02-32 01:02:03')
        s LIKE 'Stra!_e' ESCAPE '!'
        'a!b_' LIKE 'a!!b!_' ESCAPE '!'
        'a\\b' LIKE 'a\\b'
        'a_' LIKE 'a\\_'
        9223372036854775809",
        expect![[r#"
            p % 3  =>  DECIMAL(10, 2) 1.50 | -0.33 | NULL
            MOD(p, 0.125)  =>  DECIMAL(3, 3) 0.000 | -0.080 | NULL
            CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)) + 1  =>  DECIMAL(38, 0) NULL | NULL | NULL
            CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)) * 1  =>  DECIMAL(38, 0) 99999999999999999999999999999999999999 | 99999999999999999999999999999999999999 | 99999999999999999999999999999999999999
            CAST('1.5' AS DECIMAL(38, 18)) * CAST('1.00000005' AS DECIMAL(30, 10))  =>  DECIMAL(38, 6) 1.500000 | 1.500000 | 1.500000
            CAST(CAST('12345678901.9' AS DECIMAL(20, 1)) AS INT)  =>  INT -539222987 | -539222987 | -539222987
            CAST('12.5' AS INT)  =>  INT 12 | 12 | 12
            TRY_CAST('1e3' AS INT)  =>  INT NULL | NULL | NULL
            TRY_CAST('128' AS TINYINT)  =>  TINYINT NULL | NULL | NULL
            TRY_CAST(' true ' AS BOOLEAN)  =>  BOOLEAN NULL | NULL | NULL
            ABS(CAST('-2147483648' AS INT))  =>  INT -2147483648 | -2147483648 | -2147483648
            SQRT(d)  =>  DOUBLE 1.5811388300841898 | NaN | NULL
            ROUND(-0.4E0)  =>  DOUBLE 0.0 | 0.0 | 0.0
            CAST('NaN' AS DOUBLE) > d  =>  BOOLEAN false | false | NULL
            CAST('NaN' AS DOUBLE) <> CAST('NaN' AS DOUBLE)  =>  BOOLEAN true | true | true
            CAST(0.1 AS FLOAT) + 0.1E0  =>  FLOAT 0.2 | 0.2 | 0.2
            0.1E0 + CAST(0.1 AS FLOAT)  =>  DOUBLE 0.20000000149011612 | 0.20000000149011612 | 0.20000000149011612
            TO_TIMESTAMP('2023-02-30 01:02:03')  =>  TIMESTAMP(3) 2023-02-28T01:02:03 | 2023-02-28T01:02:03 | 2023-02-28T01:02:03
            TO_TIMESTAMP('2023-02-32 01:02:03')  =>  TIMESTAMP(3) NULL | NULL | NULL
            s LIKE 'Stra!_e' ESCAPE '!'  =>  BOOLEAN false | false | NULL
            'a!b_' LIKE 'a!!b!_' ESCAPE '!'  =>  BOOLEAN true | true | true
            'a\b' LIKE 'a\b'  =>  BOOLEAN true | true | true
            'a_' LIKE 'a\_'  =>  BOOLEAN false | false | false
            9223372036854775809  =>  line 1, column 94, at '9223372036854775809': the number 9223372036854775809 is out of range; CAST a text to DECIMAL
        "#]],
    );
}
