//! What the station knows, in rows: one file of SQL for each noun, on SQLite or PostgreSQL.
