-- feature: NEXMark | q19, the ten highest bids of each auction, per minute
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), rank_number BIGINT) WITH (${output});
INSERT INTO results
SELECT auction, bidder, price, `dateTime`, rank_number
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY price DESC) AS rank_number
  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '1' MINUTE))
) WHERE rank_number <= 10;
