"""What was learnt: kept in DuckDB, with vectors in Chroma as a projection; searched by words and meaning."""
