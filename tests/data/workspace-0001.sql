BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE change_counter (
	id INTEGER NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_change_counter PRIMARY KEY (id)
);
INSERT INTO "change_counter" VALUES(1,14);
CREATE TABLE chunks (
	id INTEGER NOT NULL, 
	series INTEGER NOT NULL, 
	start BIGINT NOT NULL, 
	count INTEGER NOT NULL, 
	encoding TEXT NOT NULL, 
	steps BLOB, 
	times BLOB NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_chunks PRIMARY KEY (id), 
	CONSTRAINT fk_chunks_series FOREIGN KEY(series) REFERENCES series (id)
);
INSERT INTO "chunks" VALUES(1,1,0,5,'d',X'00000000000000000100000000000000020000000000000003000000000000000400000000000000',X'A332A13A2CC1DA410533A13A2CC1DA412433A13A2CC1DA417C33A13A2CC1DA419934A13A2CC1DA41',X'000000000000F03F000000000000E03F555555555555D53F000000000000D03F9A9999999999C93F');
INSERT INTO "chunks" VALUES(2,2,0,1,'q',NULL,X'2035A13A2CC1DA41',X'0300000000000000');
INSERT INTO "chunks" VALUES(3,3,0,1,'j',NULL,X'7535A13A2CC1DA41',X'5B2268656C6C6F225D');
INSERT INTO "chunks" VALUES(4,4,0,1,'j',NULL,X'1536A13A2CC1DA41',X'5B5B312C20322C20335D5D');
INSERT INTO "chunks" VALUES(5,5,0,1,'j',NULL,X'8936A13A2CC1DA41',X'5B7B2278223A20312C202279223A20322E357D5D');
INSERT INTO "chunks" VALUES(6,6,0,1,'d',NULL,X'7F57A13A2CC1DA41',X'000000000000E83F');
CREATE TABLE commands (
	id TEXT NOT NULL, 
	at_us BIGINT NOT NULL, 
	reply TEXT NOT NULL, 
	CONSTRAINT pk_commands PRIMARY KEY (id)
);
CREATE TABLE experiments (
	id INTEGER NOT NULL, 
	experiment_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	archived_us BIGINT, 
	last_number INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_experiments PRIMARY KEY (id), 
	CONSTRAINT uq_experiments_experiment_id UNIQUE (experiment_id)
);
INSERT INTO "experiments" VALUES(1,'96888bbe-c45d-482e-aa1e-5ffeffce604f','first',1795469546483321,NULL,3);
CREATE TABLE journal_positions (
	segment TEXT NOT NULL, 
	shipped_bytes BIGINT NOT NULL, 
	CONSTRAINT pk_journal_positions PRIMARY KEY (segment)
);
CREATE TABLE run_properties (
	run INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT, 
	CONSTRAINT pk_run_properties PRIMARY KEY (run, "key"), 
	CONSTRAINT fk_run_properties_run FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "run_properties" VALUES(1,'author','ada');
CREATE TABLE run_tags (
	run INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT, 
	CONSTRAINT pk_run_tags PRIMARY KEY (run, "key"), 
	CONSTRAINT fk_run_tags_run FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "run_tags" VALUES(1,'quality','good');
INSERT INTO "run_tags" VALUES(1,'empty',NULL);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	experiment INTEGER NOT NULL, 
	parent INTEGER, 
	root INTEGER, 
	number INTEGER NOT NULL, 
	name TEXT, 
	display_name TEXT, 
	description TEXT, 
	type TEXT, 
	target TEXT, 
	status TEXT NOT NULL, 
	error TEXT, 
	definition TEXT, 
	snapshot TEXT, 
	created_us BIGINT NOT NULL, 
	started_us BIGINT, 
	ended_us BIGINT, 
	cancel_requested_us BIGINT, 
	cancel_forced_us BIGINT, 
	fail_requested TEXT, 
	host TEXT, 
	pid INTEGER, 
	process_started FLOAT, 
	heartbeat_us BIGINT, 
	change BIGINT NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT fk_runs_experiment FOREIGN KEY(experiment) REFERENCES experiments (id), 
	CONSTRAINT fk_runs_parent FOREIGN KEY(parent) REFERENCES runs (id), 
	CONSTRAINT uq_runs_run_id UNIQUE (run_id)
);
INSERT INTO "runs" VALUES(1,'parent',1,NULL,1,1,NULL,'Pärent 🚀',NULL,NULL,'local','Completed',NULL,NULL,NULL,1795469546504369,1795469546504369,1795469546529110,NULL,NULL,NULL,'a-host',957,1795469545.82,1795469546518404,11);
INSERT INTO "runs" VALUES(2,'child',1,1,1,2,NULL,NULL,NULL,NULL,'local','Completed',NULL,NULL,NULL,1795469546520238,1795469546520238,1795469546527491,NULL,NULL,NULL,'a-host',957,1795469545.82,1795469546520238,10);
INSERT INTO "runs" VALUES(3,'failed',1,NULL,3,3,NULL,NULL,NULL,NULL,'local','Failed','{"code": "UserError", "message": "no data"}',NULL,NULL,1795469546530091,1795469546530091,1795469546534177,NULL,NULL,NULL,'a-host',957,1795469545.82,1795469546530091,13);
CREATE TABLE series (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	count BIGINT NOT NULL, 
	last TEXT, 
	change BIGINT NOT NULL, 
	CONSTRAINT pk_series PRIMARY KEY (id), 
	CONSTRAINT fk_series_run FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "series" VALUES(1,1,'loss','scalar',5,'0.2',9);
INSERT INTO "series" VALUES(2,1,'count','scalar',1,'3',9);
INSERT INTO "series" VALUES(3,1,'words','scalar',1,'"hello"',9);
INSERT INTO "series" VALUES(4,1,'list','list',1,'[1, 2, 3]',9);
INSERT INTO "series" VALUES(5,1,'row','row',1,'{"x": 1, "y": 2.5}',9);
INSERT INTO "series" VALUES(6,2,'accuracy','scalar',1,'0.75',9);
CREATE TABLE workspace (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_workspace PRIMARY KEY ("key")
);
INSERT INTO "workspace" VALUES('id','1190a74b76634f0ca9f8d7ca84a5750f');
INSERT INTO "workspace" VALUES('created_us','1795469546478210');
INSERT INTO "workspace" VALUES('written_by','0.1.0');
CREATE UNIQUE INDEX uq_experiments_active_name ON experiments (name) WHERE archived_us IS NULL;
CREATE INDEX ix_runs_change ON runs (change);
CREATE INDEX ix_runs_newest ON runs (experiment, parent, id);
CREATE INDEX ix_runs_parent ON runs (parent);
CREATE INDEX ix_runs_root ON runs (root);
CREATE INDEX ix_runs_status ON runs (status, id);
CREATE INDEX ix_run_properties_key_value_run ON run_properties ("key", value, run);
CREATE INDEX ix_run_tags_key_value_run ON run_tags ("key", value, run);
CREATE INDEX ix_series_change ON series (change);
CREATE UNIQUE INDEX uq_series_run_name_kind ON series (run, name, kind);
CREATE UNIQUE INDEX uq_chunks_series_start ON chunks (series, start);
COMMIT;
