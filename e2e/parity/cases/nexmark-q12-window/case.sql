-- feature: NEXMark | q12, bids of each bidder in a window: event time in place of processing time
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)) WITH (${output});
INSERT INTO results
SELECT bidder, COUNT(*) AS bid_count, window_start, window_end
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;
