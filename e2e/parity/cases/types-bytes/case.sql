-- feature: Types | BYTES, as base64
-- verdict: same
-- rows: 4
CREATE TABLE blobs (id INT, b BYTES) WITH (${input:blobs});
CREATE TABLE results (id INT, b BYTES) WITH (${output});
INSERT INTO results SELECT id, b FROM blobs;
