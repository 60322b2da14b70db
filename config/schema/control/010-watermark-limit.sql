-- The moment to which the entity's watermark was set back after this reading; null where it was not. Readings made later have watermarks of their own.
alter table bubblesync.run_entity add column watermark_limit timestamptz;
