using System.Collections.Frozen;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Mapping;

/// <summary>Compiles maps against the catalogue; collects every fault instead of stopping at the first.</summary>
internal sealed class PlanCompiler(IReadOnlyList<EntityMap> maps, Catalogue catalogue, IReadOnlySet<string> completed, string? hashKey)
{
    // 13 digits, an x, 18 digits.
    private const int IdLength = 32;

    private readonly ColumnAdvice _advice = new(catalogue.Schema);
    private readonly List<SyncError> _faults = [];
    private readonly List<MissingColumn> _missing = [];
    private readonly List<SchemaGap> _gaps = [];
    private readonly List<string> _warnings = [];
    private IReadOnlyList<MirroredTable>? _mirror;

    /// <summary>Returns the plan of all entities, or of those named.</summary>
    /// <param name="maps">The maps of all entities.</param>
    /// <param name="catalogue">What the database has.</param>
    /// <param name="names">The entities to plan; none for all.</param>
    /// <param name="completed">The columns, as <c>table.column</c>, that patches complete; null where that does not matter.</param>
    /// <param name="hashKey">The key of masks that are hashes; null for none.</param>
    public static SyncPlan Compile(
        IReadOnlyList<EntityMap> maps, Catalogue catalogue, IReadOnlyCollection<string> names, IReadOnlySet<string>? completed = null,
        string? hashKey = null) => new PlanCompiler(maps, catalogue, completed ?? new HashSet<string>(), hashKey).Compile(names);

    private SyncPlan Compile(IReadOnlyCollection<string> names)
    {
        foreach (var unknown in names.Where(n => maps.All(m => m.Name != n)))
            _faults.Add(new SyncError(
                SyncStage.Settings, unknown, null, "--entity", ErrorCode.Settings,
                $"There is no entity '{unknown}'.{DidYouMean.Hint(unknown, maps.Select(m => m.Name))}"));

        var entities = maps
            .Where(m => names.Count == 0 || names.Contains(m.Name))
            .OrderBy(m => m.Level)
            .Select(Entity)
            .OfType<EntityPlan>()
            .ToList();
        _warnings.AddRange(ClockNotes.Of(entities));
        List<SyncError> faults = [.. _faults.OrderBy(f => f.Stage != SyncStage.Settings)];
        var isNew = maps.All(m => !catalogue.Tables.ContainsKey(m.Table));
        return new SyncPlan(entities, _missing, _gaps, faults, _warnings) { Reported = MissingTables.AsOne(faults, catalogue.Schema, isNew, names) };
    }

    private EntityPlan? Entity(EntityMap map)
    {
        _faults.AddRange(MapCheck.Faults(map));
        if (!catalogue.Tables.TryGetValue(map.Table, out var table))
        {
            if (catalogue.Others.TryGetValue(map.Table, out var kind))
            {
                Fault(
                    map, null, SchemaFindingKind.NoTable,
                    $"'{map.Table}' in schema '{catalogue.Schema}' is no table ({kind}), and runs write tables only. Give \"table\" in {map.File} "
                        + "another name, "
                    + $"then apply the schema, which creates the table; or set Postgres:Schema to a schema in which no {kind} has this name.", null);
                return null;
            }

            Fault(map, null, SchemaFindingKind.TableMissing, $"There is no table '{map.Table}' in schema '{catalogue.Schema}'. Apply the schema, which "
                + "creates the missing tables.", null);
            return null;
        }

        foreach (var clock in Clocks.Own.Where(c => !table.Columns.ContainsKey(c)))
            Fault(map, clock, SchemaFindingKind.ColumnMissing, $"Table '{map.Table}' has no column '{clock}', which every synced "
                + "table needs.", _advice.AddColumn(map, clock, "timestamptz"));
        foreach (var clock in Clocks.All.Where(c => table.Columns.TryGetValue(c, out var column) && ColumnStorage.OfClock(column) is null))
        {
            var which = clock == DeletionMark.Name ? "which marks what Bubble no longer has" : "which every sync writes";
            var what = $"Column '{clock}' of table '{map.Table}', {which}, is {table.Columns[clock].Described}.";
            AddMisfit(map, table, table.Columns[clock], "timestamptz", what, null);
        }

        foreach (var key in table.CompositeKeys.Distinct())
            _warnings.Add($"{map.Name}: foreign key '{key}' of table '{map.Table}' has several columns; a record with a link that it forbids is rejected.");

        var columns = map.Columns.Select(f => Column(map, f, table)).OfType<ColumnPlan>().Select((c, ordinal) => c with { Ordinal = ordinal }).ToList();
        return new EntityPlan
        {
            Name = map.Name,
            BubbleType = map.BubbleType,
            Level = map.Level,
            Schema = catalogue.Schema,
            Target = table,
            Columns = [.. columns.Select(c => c.HoldsUnmapped ? c with { NeverKept = [.. ColumnPlan.NeverKeptBy(columns), .. map.Ignored] } : c)],
            KeyName = map.Key,
            KeepsOnlyUnmapped = map.KeepsOnlyUnmapped,
            Ignored = map.Ignored.ToFrozenSet(StringComparer.Ordinal),
            Mirror = _mirror ??= [.. Mirror()],
        };
    }

    private IEnumerable<MirroredTable> Mirror() =>
        from map in maps
        let table = catalogue.Tables.GetValueOrDefault(map.Table)
        where table is not null && table.Columns.ContainsKey(map.Key)
            && Clocks.Own.All(c => table.Columns.TryGetValue(c, out var clock) && ColumnStorage.OfClock(clock) is not null)
        select new MirroredTable(map.Name, catalogue.Schema, table, map.Key);

    private ColumnPlan? Column(EntityMap map, FieldMap field, TableInfo table)
    {
        if (!FieldType.All.TryGetValue(field.Type, out var type))
            return null;

        var sources = SourceField.Of(field);
        if (!table.Columns.TryGetValue(field.Column, out var target))
        {
            _missing.Add(new MissingColumn(map.Name, field.Column, field.Type, sources));
            var (use, orElse) = field.HoldsUnmapped
                ? ("names for unmapped fields", "or take \"unmapped\" out of the map.")
                : ($"maps from '{field.From[0]}'", "or take the field out of the map.");
            Fault(map, field.Column, SchemaFindingKind.ColumnMissing, $"Table '{map.Table}' has no column '{field.Column}', which {map.File} {use}.",
                _advice.AddColumn(map, field.Column, type.Column), orElse);
            return null;
        }

        if (target.IsComputed)
        {
            Fault(
                map, field.Column, SchemaFindingKind.ColumnMisfit,
                $"Column '{field.Column}' of table '{map.Table}' is written by the database alone "
                    + $"({(target.IsIdentityAlways ? "identity always" : "generated")}). "
                + $"Take {(field.HoldsUnmapped ? "\"unmapped\"" : "the field")} out of {map.File}, or let runs write the column.",
                Ddl.MakeWritable(catalogue.Schema, map.Table, target));
            return null;
        }

        var holdsIds = field.Column == map.Key || field.Relation.Count > 0;
        if (ColumnStorage.Of(type, target) is not { } storage || (holdsIds && target.Type is ColumnTypes.Enum or ColumnTypes.Uuid))
        {
            _missing.Add(new MissingColumn(map.Name, field.Column, field.Type, sources));
            // A clock's fault is reported with the table.
            if (!Clocks.All.Contains(field.Column))
            {
                var orElse = holdsIds ? null
                    : field.HoldsUnmapped ? $"Or name another column under \"unmapped\" in {map.File}."
                    : $"Or give the field another type in {map.File}.";
                AddMisfit(map, table, target, type.Column, Misfit.Of(map.Table, target, type, holdsIds), orElse);
            }

            return null;
        }

        if (field.HoldsUnmapped && target.IsRequired)
            Fault(map, field.Column, SchemaFindingKind.ColumnMisfit, $"Column '{field.Column}' of table '{map.Table}' is not null, but a record without "
                + "unmapped fields stores NULL in it.", Ddl.DropNotNull(catalogue.Schema, map.Table, field.Column));

        if (MaskCheck.Misfit(field, target) is { } unfit)
            Fault(map, field.Column, SchemaFindingKind.ColumnMisfit, unfit, null, $"Change the column, or the mask in {map.File}.");

        // Every record has a Created Date with milliseconds, so that such a column would refuse nearly all of them.
        if (field.From.Contains(BubbleField.Created) && (target.Type == ColumnTypes.Date || target.Precision < ClockNotes.SentDigits))
        {
            var ddl = target.Type == ColumnTypes.Date
                ? ColumnChange.Of(catalogue.Schema, map.Table, target, type.Column).Sql
                : Ddl.Finer(catalogue.Schema, map.Table, target);
            Fault(
                map, field.Column, SchemaFindingKind.ColumnMisfit,
                $"Column '{field.Column}' of table '{map.Table}' is {target.FullType}, which cannot hold the milliseconds of '{BubbleField.Created}'.", ddl,
                $"Or take the field out of {map.File}.");
        }

        // A limit on other texts is the table's own rule; a limit shorter than every id is a mistake.
        if (target.Length < IdLength && holdsIds)
            AddNarrow(map, table, target, type.Column);

        return new ColumnPlan
        {
            Ordinal = 0,
            Name = field.Column,
            Type = type,
            Sources = sources,
            AddedNames = field.Added,
            Path = field.Path,
            AbsentClears = field.AbsentClears ?? map.AbsentClears,
            Relations = [.. field.Relation.Select(r => Relation(map, field, r)).OfType<Relation>()],
            Follow = field.Follow,
            Mask = FieldMask.Of(field.Mask, hashKey),
            SearchNames = field.Described is { Count: > 0 } described ? described : [.. field.From, .. field.Fallback],
            IsCompleted = completed.Contains($"{map.Table}.{field.Column}"),
            Target = target,
            Storage = storage,
            ForeignKeys = [.. table.ForeignKeys[field.Column]],
            IsRequired = target.IsRequired || field.Column == map.Key,
        };
    }

    private Relation? Relation(EntityMap map, FieldMap field, string name)
    {
        if (maps.FirstOrDefault(m => m.Name == name) is not { } other)
        {
            _warnings.Add($"{map.File}: column '{field.Column}': relation '{name}' is no entity here, so its links are stored but not "
                + $"checked.{DidYouMean.Hint(name, maps.Select(m => m.Name))}");
            return null;
        }

        return catalogue.Tables.ContainsKey(
            other.Table) ? new Relation(other.Name, Identifier.Quote(catalogue.Schema, other.Table), Identifier.Quote(other.Key)) : null;
    }

    // Without its key no record can be loaded, so a run would read everything in vain. Without a link, records without that link can.
    private void AddNarrow(EntityMap map, TableInfo table, ColumnInfo column, string type)
    {
        var isKey = column.Name == map.Key;
        var what = $"Column '{column.Name}' of table '{map.Table}' is {column.FullType}, but Bubble's ids have {IdLength} characters: "
            + $"{(isKey ? "every record" : "records that carry one")} would be rejected.";
        if (isKey)
        {
            AddMisfit(map, table, column, type, what, null);
            return;
        }

        var (note, sql) = _advice.Change(map, table, column, type);
        _gaps.Add(new SchemaGap(map.Name, column.Name, SchemaFindingKind.ColumnMisfit, what + note, sql));
        _warnings.Add($"{map.Name}: {what}{note}{(sql is null ? "" : $" Change it: {sql}")}");
    }

    private void AddMisfit(EntityMap map, TableInfo table, ColumnInfo column, string type, string what, string? orElse)
    {
        var (note, sql) = _advice.Change(map, table, column, type);
        Fault(map, column.Name, SchemaFindingKind.ColumnMisfit, what + note, sql, orElse);
    }

    private void Fault(EntityMap map, string? column, SchemaFindingKind kind, string what, string? ddl, string? orElse = null)
    {
        _gaps.Add(new SchemaGap(map.Name, column, kind, what, ddl));
        var how = ddl is null ? null : $"{(kind == SchemaFindingKind.ColumnMissing ? "Add" : "Change")} it: {ddl}";
        _faults.Add(new SyncError(SyncStage.Plan, map.Name, null, column, Code(kind), string.Join(' ', new[] { what, how, orElse }.OfType<string>()))
        {
            Next = kind is SchemaFindingKind.TableMissing or SchemaFindingKind.NoTable ? new NextAction(NextActionKind.ApplySchema) : null,
        });
    }

    private static ErrorCode Code(SchemaFindingKind kind) => kind switch
    {
        SchemaFindingKind.TableMissing => ErrorCode.TableMissing,
        SchemaFindingKind.NoTable => ErrorCode.NoTable,
        SchemaFindingKind.ColumnMissing => ErrorCode.ColumnMissing,
        _ => ErrorCode.ColumnMisfit,
    };
}
