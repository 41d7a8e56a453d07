-- feature: Patterns | MATCH_RECOGNIZE
-- verdict: refused: MATCH_RECOGNIZE is not supported yet
-- rows: 1
CREATE TABLE ticks (k STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:ticks});
CREATE TABLE results (k STRING, low INT, back INT) WITH (${output});
INSERT INTO results SELECT m.k, m.low, m.back
FROM ticks MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts
  MEASURES LAST(down.price) AS low, up.price AS back
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (top down+ up)
  DEFINE down AS down.price < LAST(down.price, 1) OR LAST(down.price, 1) IS NULL AND down.price < top.price, up AS up.price > LAST(down.price)
) AS m;
