-- The columns whose values all rows of the table have, as far as Bubble had them: for each field that a column is read from, a line with the column and one
-- with the field. What a map gains later is not among them, until a backfill fills it.
alter table bubblesync.run_target add column filled text[];
