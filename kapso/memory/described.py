"""What the tables of the episodic log mean, and questions that one statement answers; each is tested."""

from __future__ import annotations

from typing import NamedTuple

TABLES: dict[str, str] = {
    "runs": "one row a run",
    "attempts": "one row an attempt; the baseline is attempt 0; times are UTC",
    "metrics": "one row a metric that an attempt printed or Kapso measured",
    "stages": "one row a command that was run for an attempt; not in git, so gone after `kapso reindex`",
    "diffs": "one row an attempt: the size of its change against its first parent",
    "hunks": "one row a stretch of lines that an attempt changed",
    "lessons": "one row a lesson, as `kapso lessons` tells it",
    "sightings": "what each run saw of a lesson's subject, and how its predictions did",
    "evidence": "attempts that speak for or against a lesson, a few of each run",
    "recalled": "one row a lesson that an attempt was told of, or by lot was not",
    "predictions": "one row a lesson that was about an attempt, before its result was known",
    "signatures": "one row an error, numbers and names left out, with how often it ended an attempt",
}

COLUMNS: dict[str, dict[str, str]] = {
    "runs": {
        "run": "its id",
        "goal": "the goal's name",
        "objective": "the goal in words",
        "metric": "the primary metric, whose value is the score",
        "maximize": "whether a higher score is better",
        "base": "the commit that it started from",
        "status": "finished, or interrupted (a live run too)",
        "reason": "why it ended",
        "baseline": "the baseline's score",
        "best_score": "the best's",
        "best_attempt": "the best's number",
        "attempts": "how many there are, the baseline left out",
        "cost": "dollars",
        "started": "when",
        "finished": "when",
        "source": "which git objects the row was read from",
    },
    "attempts": {
        "run": "the run's id",
        "attempt": "its number",
        "branch": "its branch",
        "commit": "its commit",
        "tree": "its tree",
        "parents": "the numbers of the attempts it was made from, the first is the one it is compared with",
        "proposer": "who had the idea: tune, mutate, recipe, combine, ablate, llm, agent, human",
        "title": "the idea in a line",
        "hypothesis": "why it was tried",
        "outcome": "scored, invalid, crashed, timed-out, cut, rejected, abandoned",
        "verdict": "of a scored one against its parent: better, same, worse",
        "score": "the primary metric",
        "reason": "why it was not scored",
        "duration": "seconds of evaluation",
        "cost": "dollars",
        "lessons": "the lessons that it was told of",
        "knowledge": "the nodes of libraries that it was told of",
        "withheld": "the lessons that by lot it was not told of",
        "predicted": "the lessons that were about it …",
        "probabilities": "… and the probability, by each, of what it expected",
        "evaluator": "the identity of the evaluation: scores are compared within one",
        "sandbox": "the level obtained",
        "parameters": "what its proposer set or names, as JSON: `parameters->>'pack.py:RADIUS'`",
        "feedback": "what the scorer or the error said",
        "signature": "the error that ended it, numbers, names of files and quoted text left out",
        "started": "when",
        "finished": "when",
        "is_demoted": "its lead did not hold when it was confirmed",
        "is_passed_over": "it leads by score alone, and that may be luck",
        "source": "which git objects the row was read from; NULL: straight from the engine",
    },
    "metrics": {
        "run": "the run's id",
        "attempt": "the attempt's number",
        "name": "`run.seconds`, `diff.lines` and the like are Kapso's own",
        "value": "its value",
    },
    "stages": {
        "run": "the run's id",
        "attempt": "the attempt's number",
        "position": "0 for the first",
        "name": "build, check, run, evaluate …",
        "command": "the command",
        "exit_code": "how it ended",
        "seconds": "wall time",
        "cpu_seconds": "processor time",
        "rss_bytes": "the most memory that it held",
        "stopped_by": "timeout, memory, processes or disk, where a limit ended it",
        "signature": "the error that it ended the attempt with, as in `attempts`",
    },
    "diffs": {
        "run": "the run's id",
        "attempt": "the attempt's number",
        "files": "files that differ",
        "added": "lines",
        "removed": "lines",
        "hunks": "rows in `hunks`",
    },
    "hunks": {
        "run": "the run's id",
        "attempt": "the attempt's number",
        "position": "0 for the first",
        "path": "the file",
        "region": "the function that it lies in (`Packer.grow`), '' outside of any",
        "old_line": "where it was, from 1",
        "new_line": "where it is",
        "removed": "lines that it took out",
        "added": "lines that it put there",
        "kinds": "the syntax that changed: call, loop, condition, assignment, comparison, number, import …",
        "names": "the names that it brought in (`+sqrt`) and took out (`-sqrt`)",
        "before": "the lines as they were, 1,000 characters at most",
        "after": "the lines as they are",
    },
    "lessons": {
        "lesson": "its id",
        "kind": "prefer, avoid, fact",
        "statement": "what it says",
        "status": "candidate, active, retired, quarantined",
        "confidence": "the probability that it holds for the next attempt that it is about",
        "value": "how much more often attempts are better that are told of it; NULL: not measured yet",
        "expects": "what it predicts: better, worse, failed",
        "about": "operator, place, parameter, change, pair, error, evaluation, stated",
        "subject": "what exactly, as JSON",
        "goals": "the goals it is held to; empty: any of the repository",
        "files": "the files it is about",
        "language": "of these files",
        "proposer": "the proposer it is about",
        "attempts": "how many attempts it has been about",
        "pinned": "somebody decided that it stays",
        "why": "why it is retired or quarantined",
    },
    "sightings": {
        "lesson": "the lesson's id",
        "run": "the run's id",
        "goal": "the run's goal",
        "attempts": "attempts that the lesson's subject is about",
        "better": "of these, better than their parents",
        "same": "the same",
        "worse": "worse",
        "failed": "not scored",
        "others": "attempts to compare them with",
        "others_better": "of these, better",
        "others_failed": "not scored",
        "predictions": "predictions made before the result was known",
        "hits": "of these, right",
        "brier": "the sum of their squared errors",
        "usual": "what always predicting the usual would have summed to",
        "told": "attempts that were told of the lesson",
        "told_better": "of these, better",
        "withheld": "attempts that by lot were not told of it",
        "withheld_better": "of these, better",
    },
    "evidence": {
        "lesson": "the lesson's id",
        "run": "the run's id",
        "attempt": "the attempt's number",
        "commit": "its commit",
        "speaks": "for, against",
    },
    "recalled": {
        "run": "the run's id",
        "attempt": "the attempt's number",
        "lesson": "the lesson's id",
        "told": "false: left out by lot, so that what the lesson is worth can be told",
    },
    "predictions": {
        "run": "the run's id",
        "attempt": "the attempt's number",
        "lesson": "the lesson's id",
        "probability": "of what the lesson expects",
    },
    "signatures": {
        "signature": "the error",
        "attempts": "that it ended",
        "runs": "in which it did",
        "first": "when",
        "latest": "when",
    },
}


class Example(NamedTuple):
    """A question and the statement that answers it."""

    question: str
    sql: str


EXAMPLES = (
    Example(
        "What did the better attempts of the latest run change?",
        "SELECT attempt, proposer, score, title FROM attempts "
        "WHERE run = (SELECT run FROM runs ORDER BY started DESC LIMIT 1) AND verdict = 'better' "
        "ORDER BY attempt",
    ),
    Example(
        "Which proposers pay?",
        "SELECT proposer, count(*) AS attempts, count(*) FILTER (verdict = 'better') / count(*) AS better, "
        "avg((outcome <> 'scored')::INT) AS failed, sum(cost) AS dollars FROM attempts "
        "WHERE attempt > 0 GROUP BY proposer ORDER BY better DESC",
    ),
    Example(
        "In which functions do edits help, and where do they break the program?",
        "SELECT path, region, count(*) AS attempts, count(*) FILTER (verdict = 'better') AS better, "
        "count(*) FILTER (outcome <> 'scored') AS failed FROM "
        "(SELECT DISTINCT run, attempt, path, region FROM hunks) JOIN attempts USING (run, attempt) "
        "GROUP BY path, region ORDER BY attempts DESC LIMIT 20",
    ),
    Example(
        "Which kinds of syntax can be changed without breaking it?",
        "SELECT kind, count(*) AS attempts, avg((outcome = 'scored')::INT) AS scored FROM "
        "(SELECT DISTINCT run, attempt, unnest(kinds) AS kind FROM hunks) JOIN attempts "
        "USING (run, attempt) GROUP BY kind ORDER BY scored DESC",
    ),
    Example(
        "Which errors come back, and which edits went before them?",
        "SELECT signature, path, region, count(*) AS times, any_value(title) AS example "
        "FROM attempts JOIN hunks USING (run, attempt) WHERE signature IS NOT NULL "
        "GROUP BY ALL HAVING times > 1 ORDER BY times DESC",
    ),
    Example(
        "Which names did an edit bring in or take out before it failed?",
        "SELECT name, count(*) AS attempts, avg((outcome <> 'scored')::INT) AS failed FROM "
        "(SELECT DISTINCT run, attempt, unnest(names) AS name FROM hunks) JOIN attempts "
        "USING (run, attempt) GROUP BY name HAVING attempts > 2 ORDER BY failed DESC, attempts DESC, name",
    ),
    Example(
        "How long does each command take, and how often does a limit end it?",
        "SELECT name, count(*) AS times, median(seconds) AS seconds, max(rss_bytes) / 1e6 AS megabytes, "
        "count(stopped_by) AS stopped FROM stages GROUP BY name ORDER BY seconds DESC",
    ),
    Example(
        "How did the best come about, attempt by attempt?",
        "SELECT run, attempt, proposer, score, title FROM attempts JOIN runs USING (run) "
        "WHERE score IS NOT NULL WINDOW before AS (PARTITION BY run ORDER BY attempt "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) QUALIFY coalesce(if(maximize, "
        "score > max(score) OVER before, score < min(score) OVER before), true) ORDER BY run, attempt",
    ),
    Example(
        "What became of each value of a parameter?",
        "SELECT parameters->>'pack.py:STEP' AS value, count(*) AS attempts, avg(score) AS mean, "
        "max(score) AS highest FROM attempts WHERE proposer = 'tune' GROUP BY value ORDER BY mean DESC",
    ),
    Example(
        "Do attempts that were told of a lesson do better than those that by lot were not?",
        "SELECT lesson, avg((coalesce(verdict, '') = 'better')::INT) FILTER (told) AS told, "
        "avg((coalesce(verdict, '') = 'better')::INT) FILTER (NOT told) AS withheld, count(*) AS attempts "
        "FROM recalled JOIN attempts USING (run, attempt) GROUP BY lesson ORDER BY attempts DESC, lesson",
    ),
    Example(
        "Do predictions hold? By tenths of their probability, how often what was expected came true",
        "SELECT lessons.expects, round(probability, 1) AS said, count(*) AS times, "
        "avg((CASE expects WHEN 'failed' THEN outcome <> 'scored' ELSE "
        "coalesce(verdict, '') = expects END)::INT) "
        "AS came_true FROM predictions JOIN lessons USING (lesson) JOIN attempts USING (run, attempt) "
        "WHERE expects IS NOT NULL GROUP BY ALL ORDER BY expects, said",
    ),
    Example(
        "Which lessons are worth most, and how far are they to be trusted?",
        "SELECT lesson, kind, statement, round(confidence, 2) AS confidence, value, sum(hits) AS hits, "
        "sum(predictions) AS predictions FROM lessons LEFT JOIN sightings USING (lesson) "
        "WHERE status = 'active' GROUP BY ALL ORDER BY value DESC NULLS LAST, confidence DESC",
    ),
    Example(
        "Which attempts speak for a lesson?",
        "SELECT lesson, run, attempt, verdict, title, evidence.commit FROM evidence "
        "JOIN attempts USING (run, attempt) WHERE speaks = 'for' ORDER BY lesson, run, attempt",
    ),
    Example(
        "Who touched a name, and what came of it?",
        "SELECT run, attempt, path, region, outcome, verdict, after FROM hunks "
        "JOIN attempts USING (run, attempt) WHERE after ILIKE '%sqrt%' OR before ILIKE '%sqrt%'",
    ),
    Example(
        "How much did each goal gain, for how many attempts and dollars?",
        "SELECT goal, count(*) AS runs, sum(attempts) AS attempts, "
        "max(abs(best_score - baseline)) AS most_gained, sum(cost) AS dollars FROM runs GROUP BY goal",
    ),
)
