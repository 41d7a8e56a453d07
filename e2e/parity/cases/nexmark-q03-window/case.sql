-- feature: NEXMark | q3, local items: a window join in place of the join of two streams
-- verdict: same
-- partitions: 1
${sql:nexmark}
CREATE TABLE results (name STRING, city STRING, state STRING, id BIGINT, window_start TIMESTAMP(3)) WITH (${output});
INSERT INTO results
SELECT P.name, P.city, P.state, A.id, A.window_start
FROM (SELECT * FROM TABLE(TUMBLE(TABLE auction, DESCRIPTOR(`dateTime`), INTERVAL '1' MINUTE)) WHERE category = 10) AS A
INNER JOIN (SELECT * FROM TABLE(TUMBLE(TABLE person, DESCRIPTOR(`dateTime`), INTERVAL '1' MINUTE))) AS P
ON A.seller = P.id AND A.window_start = P.window_start AND A.window_end = P.window_end
WHERE P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA';
