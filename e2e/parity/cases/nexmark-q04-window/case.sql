-- feature: NEXMark | q4, average of the highest bids, per minute
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (window_time_ TIMESTAMP(3), average DOUBLE, auctions BIGINT) WITH (${output});
INSERT INTO results
SELECT window_end, AVG(CAST(final AS DOUBLE)), COUNT(*)
FROM (
  SELECT auction, MAX(price) AS final, window_start, window_end
  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '1' MINUTE))
  GROUP BY auction, window_start, window_end
)
GROUP BY window_start, window_end;
