-- What a programme may sound like before that counts as dead air, as JSON: {"silence_lufs":-60}.

ALTER TABLE programme ADD COLUMN sound TEXT NOT NULL DEFAULT '{}';
