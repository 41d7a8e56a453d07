-- feature: NEXMark | q2, selection
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (auction BIGINT, price BIGINT) WITH (${output});
INSERT INTO results
SELECT auction, price FROM bid WHERE MOD(auction, 23) = 0;
