-- The same limit for a reading that had begun when the watermark was set back, and that a resumed run may still end.
alter table bubblesync.run_target add column watermark_limit timestamptz;
