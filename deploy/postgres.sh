#!/bin/sh
# Runs once, on an empty volume, inside the postgres image: one server, and a role with databases of its own for
# the mall and for Temporal, neither of which can reach the other's. points_mall_app is what the mall acts as: it
# cannot change what is booked. `mall` owns the tables, and hands them to that role when it migrates.
set -eu

psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 <<'SQL'
\getenv mall_password MALL_DB_PASSWORD
\getenv temporal_password TEMPORAL_DB_PASSWORD
CREATE ROLE mall LOGIN PASSWORD :'mall_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE points_mall_app NOLOGIN;
GRANT points_mall_app TO mall WITH ADMIN OPTION;
CREATE DATABASE mall OWNER mall;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE mall, temporal, temporal_visibility FROM PUBLIC;
SQL
