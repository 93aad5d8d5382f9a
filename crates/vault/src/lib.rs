//! Objects by key: audio, pictures, kept segments. On disk, later on S3.
