"""The tables of `library.duckdb`. They hold all of the library; vectors are a projection of them.

`library` has one row: the version of this schema, and a stamp that is another one after every change, by
which a projection knows that it is behind. `nodes.key` numbers a node for the postings; `anchor` is its last
heading as an address writes it. `postings` are how often each term stands in a node, in its title (with the
headings above it) and in its text; `nodes.title_terms` and `text_terms` how many there are. `edges.target`
is a node's id or an address in its normal form (`addresses.normal`), and `addresses` says which node stands
at one; `links`, made anew at every change, are the edges whose both ends are there.
"""

from __future__ import annotations

VERSION = 2

SCHEMA = f"""
CREATE TABLE library (version INTEGER NOT NULL, stamp VARCHAR NOT NULL);
INSERT INTO library VALUES ({VERSION}, '');
CREATE TABLE sources (
    source VARCHAR NOT NULL, revision VARCHAR NOT NULL, trusted BOOLEAN NOT NULL, learnt TIMESTAMP NOT NULL);
CREATE TABLE documents (source VARCHAR NOT NULL, path VARCHAR NOT NULL, revision VARCHAR NOT NULL);
CREATE TABLE nodes (
    key INTEGER NOT NULL, id VARCHAR NOT NULL, kind VARCHAR NOT NULL, title VARCHAR NOT NULL,
    text VARCHAR NOT NULL, source VARCHAR NOT NULL, path VARCHAR NOT NULL, first_line INTEGER,
    last_line INTEGER, page INTEGER, section VARCHAR[] NOT NULL, revision VARCHAR NOT NULL,
    learnt TIMESTAMP NOT NULL, hash VARCHAR NOT NULL, language VARCHAR, trust BOOLEAN NOT NULL,
    title_terms INTEGER NOT NULL, text_terms INTEGER NOT NULL);
CREATE TABLE edges (
    origin VARCHAR NOT NULL, relation VARCHAR NOT NULL, target VARCHAR NOT NULL, source VARCHAR NOT NULL);
CREATE TABLE links (
    origin VARCHAR NOT NULL, relation VARCHAR NOT NULL, target VARCHAR NOT NULL, source VARCHAR NOT NULL);
CREATE TABLE addresses (source VARCHAR NOT NULL, address VARCHAR NOT NULL, node VARCHAR NOT NULL);
CREATE TABLE postings (
    term VARCHAR NOT NULL, key INTEGER NOT NULL, in_title USMALLINT NOT NULL, in_text USMALLINT NOT NULL);
"""
