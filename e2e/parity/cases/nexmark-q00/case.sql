-- feature: NEXMark | q0, pass through
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra STRING) WITH (${output});
INSERT INTO results
SELECT auction, bidder, price, `dateTime`, extra FROM bid;
