BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE change_counter (
	id INTEGER NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_change_counter PRIMARY KEY (id)
);
INSERT INTO "change_counter" VALUES(1,13);
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
INSERT INTO "chunks" VALUES(1,1,0,5,'d',X'00000000000000000100000000000000020000000000000003000000000000000400000000000000',X'0EB6ABB934C1DA4144B6ABB934C1DA415EB6ABB934C1DA416FB6ABB934C1DA4181B6ABB934C1DA41',X'000000000000F03F000000000000E03F555555555555D53F000000000000D03F9A9999999999C93F');
INSERT INTO "chunks" VALUES(2,2,0,1,'q',NULL,X'CDB6ABB934C1DA41',X'0300000000000000');
INSERT INTO "chunks" VALUES(3,3,0,1,'j',NULL,X'0EB7ABB934C1DA41',X'5B2268656C6C6F225D');
INSERT INTO "chunks" VALUES(4,4,0,1,'j',NULL,X'68B7ABB934C1DA41',X'5B5B312C20322C20335D5D');
INSERT INTO "chunks" VALUES(5,5,0,1,'j',NULL,X'BEB7ABB934C1DA41',X'5B7B2278223A20312C202279223A20322E357D5D');
INSERT INTO "chunks" VALUES(6,6,0,1,'d',NULL,X'571EAEB934C1DA41',X'000000000000E83F');
CREATE TABLE commands (
	id TEXT NOT NULL, 
	at_us BIGINT NOT NULL, 
	reply TEXT NOT NULL, 
	CONSTRAINT pk_commands PRIMARY KEY (id)
);
CREATE TABLE experiment_tags (
	experiment INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT, 
	CONSTRAINT pk_experiment_tags PRIMARY KEY (experiment, "key"), 
	CONSTRAINT fk_experiment_tags_experiment FOREIGN KEY(experiment) REFERENCES experiments (id)
);
INSERT INTO "experiment_tags" VALUES(1,'phase','one');
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
INSERT INTO "experiments" VALUES(1,'1eea9bcd-ffbc-43a7-87eb-faa9651128c5','first',1795478246358829,NULL,3);
CREATE TABLE journal_positions (
	segment TEXT NOT NULL, 
	shipped_bytes BIGINT NOT NULL, 
	CONSTRAINT pk_journal_positions PRIMARY KEY (segment)
);
INSERT INTO "journal_positions" VALUES('process-15589-0ca7d45e/15589-94ba0b052f87-000001.journal',625);
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
INSERT INTO "runs" VALUES(1,'parent',1,NULL,1,1,NULL,'Pärent 🚀',NULL,NULL,'local','Completed',NULL,NULL,NULL,1795478246531105,1795478246531105,1795478246767850,NULL,NULL,NULL,'laptop',15589,1795478243.46,1795478246727655,10);
INSERT INTO "runs" VALUES(2,'child',1,1,1,2,'child','child',NULL,NULL,'local','Completed',NULL,NULL,NULL,1795478246719599,1795478246719599,1795478246766592,NULL,NULL,NULL,'laptop',15589,1795478243.46,1795478246719599,9);
INSERT INTO "runs" VALUES(3,'failed',1,NULL,3,3,NULL,NULL,NULL,NULL,'local','Failed','{"code": "UserError", "message": "no data"}',NULL,NULL,1795478246772021,1795478246772021,1795478246777946,NULL,NULL,NULL,'laptop',15589,1795478243.46,1795478246772021,12);
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
INSERT INTO "series" VALUES(1,1,'loss','scalar',5,'0.2',8);
INSERT INTO "series" VALUES(2,1,'count','scalar',1,'3',8);
INSERT INTO "series" VALUES(3,1,'words','scalar',1,'"hello"',8);
INSERT INTO "series" VALUES(4,1,'list','list',1,'[1, 2, 3]',8);
INSERT INTO "series" VALUES(5,1,'row','row',1,'{"x": 1, "y": 2.5}',8);
INSERT INTO "series" VALUES(6,2,'accuracy','scalar',1,'0.75',8);
CREATE TABLE workspace (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_workspace PRIMARY KEY ("key")
);
INSERT INTO "workspace" VALUES('id','b184d18609034817a3a017c4da03224f');
INSERT INTO "workspace" VALUES('created_us','1795478246299095');
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
