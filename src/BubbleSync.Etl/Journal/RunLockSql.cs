namespace BubbleSync.Etl.Journal;

/// <summary>
/// The SQL of run locks. Each run and each comparison holds one of its id as long as it lives; a run holds one of each of its tables too. Names of sessions are
/// no help: poolers drop them.
/// </summary>
internal static class RunLockSql
{
    /// <summary>
    /// Takes the locks <c>@keys</c> in their order, then that of the run <c>@run</c>, up to the first that is taken by others; returns the place of that one,
    /// from 0 on. Two runs that start at once must not each keep the other from some of the locks.
    /// </summary>
    public const string Take =
        $"""
        with recursive wanted as (select @keys || {KeyPrefix} || @run, 0) as keys),
        tried as (
          select 1 as place, pg_try_advisory_xact_lock(w.keys[1]) as is_taken from wanted w
          union all
          select t.place + 1, pg_try_advisory_xact_lock(w.keys[t.place + 1])
          from tried t cross join wanted w where t.is_taken and t.place < cardinality(w.keys))
        select place - 1 from tried where not is_taken
        """;

    /// <summary>A condition: the run <c>r</c> has ended, for nobody holds its lock.</summary>
    public const string IsLeft = $"not exists ({Locks} and {KeyOfLock} = {KeyPrefix} || r.run_id, 0))";

    /// <summary>A condition: the run whose id ends the comment of the relation <c>c</c> has ended.</summary>
    public const string IsLabelLeft = $"not exists ({Locks} and {KeyOfLock} = {KeyPrefix} || right(obj_description(c.oid, 'pg_class'), 36), 0))";

    /// <summary>A condition: the run whose id the comment of the staging table <c>c</c> has, anywhere in it, has ended.</summary>
    public const string IsStagingLeft =
        $"not exists ({Locks} and {KeyOfLock} = {KeyPrefix} || substring(obj_description(c.oid, 'pg_class') from ' run ([0-9a-f-]{{36}})'), 0))";

    /// <summary>The backend that holds the lock <c>@key</c>; its name and start where the user may see them.</summary>
    public const string Holder =
        $"""
        select l.pid, coalesce(a.application_name, ''), a.backend_start
        from ({Locks} and {KeyOfLock} = @key) l left join pg_stat_activity a using (pid)
        """;

    /// <summary>The run whose lock the backend <c>@pid</c> holds.</summary>
    public const string HoldingRun =
        $"""
        select r.run_id::text, r.kind, r.started_at from bubblesync.run r
        where r.status = 'running' and exists ({Locks} and l.pid = @pid and {KeyOfLock} = {KeyPrefix} || r.run_id, 0))
        """;

    private const string KeyPrefix = "hashtextextended('bubblesync run '";
    private const string KeyOfLock = "((l.classid::bigint << 32) | l.objid::bigint)";

    private const string Locks =
        """
        select l.pid, l.classid, l.objid from pg_locks l
        where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.database = (select oid from pg_database where datname = current_database())
        """;
}
