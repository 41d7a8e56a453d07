-- feature: NEXMark | q16, statistics of channels, growing through an hour
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (channel STRING, w TIMESTAMP(3), total_bids BIGINT, rank1_bids BIGINT, rank2_bids BIGINT, rank3_bids BIGINT) WITH (${output});
INSERT INTO results
SELECT channel, window_end, COUNT(*) AS total_bids, COUNT(*) FILTER (WHERE price < 10000) AS rank1_bids,
  COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
  COUNT(*) FILTER (WHERE price >= 1000000) AS rank3_bids
FROM TABLE(CUMULATE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '1' MINUTE, INTERVAL '1' HOUR))
GROUP BY channel, window_start, window_end;
