-- feature: NEXMark | q20, bids with their auctions: a window join in place of the join of two streams
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, itemName STRING, category BIGINT, w TIMESTAMP(3)) WITH (${output});
INSERT INTO results
SELECT B.auction, B.bidder, B.price, A.itemName, A.category, A.window_start
FROM (SELECT * FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))) AS B
INNER JOIN (SELECT * FROM TABLE(TUMBLE(TABLE auction, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))) AS A
ON B.auction = A.id AND B.window_start = A.window_start AND B.window_end = A.window_end
WHERE A.category = 10;
