"""Ways out of the house: a folder, SFTP, S3; each delivers a file whole, once."""
