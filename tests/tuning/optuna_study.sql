BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'search');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'protocol','{"rule": {"type": "DTP", "alpha": 0.2, "inverse": {"type": "NoisePreserving", "sigma": 0.2}, "local": {"type": "Summed", "scale": 1.0}, "law": {"type": "Glorot"}, "inverse_activation": null}, "data": {"name": "iris", "classes": ["setosa", "versicolor", "virginica"], "digest": "720d2ec8"}, "settings": {"hidden": [4], "net": [], "activation": "relu", "output": null, "loss": {"type": "CrossEntropy"}, "target": {"type": "Label"}, "init": {"type": "Glorot"}, "bias": true, "preprocessing": null, "augmentation": {"type": "Unchanged"}, "optimizer": "sgd", "lr": 0.0003, "optimizer_args": {}, "schedule": "constant", "clip_norm": null, "weight_decay": 0.0, "learned_optimizer": null, "learned_lr": 0.001, "learned_optimizer_args": {}, "alternate": "epoch", "epochs": 2, "batch_size": 10, "steps_per_epoch": null, "partial_batch": "drop", "passes": 10, "record_test": false}, "space": {"lr": "choice:0.001/1e+30", "inverse.sigma": "linear:0.1,0.3", "batch_size": "whole:10,20"}, "seed": 0}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,3,1,3.33333333333333314829e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,3,2,3.33333333333333314829e-01,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'lr',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001, 1e+30]}}');
INSERT INTO "trial_params" VALUES(2,1,'inverse.sigma',0.2384,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.1, "high": 0.3, "log": false}}');
INSERT INTO "trial_params" VALUES(3,1,'batch_size',18.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 10, "high": 20}}');
INSERT INTO "trial_params" VALUES(4,2,'lr',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001, 1e+30]}}');
INSERT INTO "trial_params" VALUES(5,2,'inverse.sigma',0.1633,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.1, "high": 0.3, "log": false}}');
INSERT INTO "trial_params" VALUES(6,2,'batch_size',19.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 10, "high": 20}}');
INSERT INTO "trial_params" VALUES(7,3,'lr',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001, 1e+30]}}');
INSERT INTO "trial_params" VALUES(8,3,'inverse.sigma',0.157,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.1, "high": 0.3, "log": false}}');
INSERT INTO "trial_params" VALUES(9,3,'batch_size',17.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 10, "high": 20}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'diverged','"seed 0, epoch 1, step 2: layer 1''s preactivations reached 6.27e+29: training diverged; lower lr (now 1e+30) or set clip_norm"');
INSERT INTO "trial_user_attributes" VALUES(2,2,'diverged','"seed 0, epoch 1, step 2: layer 1''s preactivations reached 5.94e+29: training diverged; lower lr (now 1e+30) or set clip_norm"');
INSERT INTO "trial_user_attributes" VALUES(3,3,'diverged','null');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,3,0,3.33333333333333314829e-01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'FAIL','2026-11-28 16:49:28.334575','2026-11-28 16:49:28.334575');
INSERT INTO "trials" VALUES(2,1,1,'FAIL','2026-11-28 16:49:31.306361','2026-11-28 16:49:31.306361');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 16:49:36.546230','2026-11-28 16:49:36.546230');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
