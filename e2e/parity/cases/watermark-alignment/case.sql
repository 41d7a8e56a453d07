-- feature: Watermarks | 'scan.watermark.alignment.group'
-- verdict: refused: connector 'kafka' has no option 'scan.watermark.alignment.group'
-- rows: 1
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events},
  'scan.watermark.alignment.group' = 'g', 'scan.watermark.alignment.max-drift' = '1 min', 'scan.watermark.alignment.update-interval' = '1 s');
CREATE TABLE results (n INT) WITH (${output});
INSERT INTO results SELECT n FROM events;
