using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Schema.Comments;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Schema.Dbt;

/// <summary>Writes the target tables as a source for dbt: descriptions, freshness, and tests of keys, dates and links, all from the maps.</summary>
internal sealed class DbtSources(IReadOnlyList<EntityMap> maps, string schema, DbtOptions options)
{
    private const string FileName = "sources.yml";

    // Only a file that begins with it is replaced.
    private const string Head = "# Written by BubbleSync.Etl from its entity maps, for dbt 1.10.8 and newer. Change the maps instead: it is replaced.";

    private readonly StringBuilder _text = new();
    private int _tests;

    /// <summary>Writes the file, if there is a folder for it; an earlier one is replaced, and no other.</summary>
    /// <exception cref="SyncException">An option or the file cannot be used.</exception>
    public async Task<DbtReport> WriteAsync(CancellationToken cancellationToken)
    {
        // dbt's templates take it in quotes, and its selectors without.
        if (!options.SourceName.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || options.SourceName.Length == 0)
            throw Unusable("--source", "The name of the source must have only letters, digits and underscores.");

        var text = Text();
        if (options.Folder is null)
            return new DbtReport(null, options.SourceName, schema, maps.Count, _tests, text);

        var file = Path.Combine(options.Folder, FileName);
        if (File.Exists(file) && await File.ReadLinesAsync(file, cancellationToken).FirstOrDefaultAsync(cancellationToken) != Head)
            throw Unusable("--out", $"'{file}' was not written by this program, so it is not replaced. Name another folder.");
        TryCreate(options.Folder);
        await ReportFile.WriteAsync(file, "--out", async output => await output.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken));
        return new DbtReport(file, options.SourceName, schema, maps.Count, _tests, null);
    }

    // If it cannot be created, the file cannot be written, and that is reported.
    private static void TryCreate(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // See above.
        }
    }

    private string Text()
    {
        var (warn, error) = (options.WarnAfter, options.ErrorAfter ?? 2 * options.WarnAfter);
        if (warn <= TimeSpan.Zero || error < warn)
            throw Unusable("--error-after", "An error must come with the warning or after it: give it a longer time than the warning.");

        _text.Append($"""
            {Head}
            # Freshness comes from the control tables: grant dbt's role usage on schema bubblesync, and select on
            # bubblesync.run, bubblesync.run_entity and bubblesync.run_target.
            version: 2
            sources:
              - name: {YamlText.Of(options.SourceName)}
                description: "Records of a Bubble app, copied by BubbleSync.Etl"
                schema: {YamlText.Of(schema)}
                quoting:
                  schema: true
                  identifier: true
                config:
                  freshness:
                    warn_after: {Period(warn)}
                    error_after: {Period(error)}
                tables:

            """);
        foreach (var map in maps)
            AddTable(map);
        return _text.ToString();
    }

    private void AddTable(EntityMap map)
    {
        _text.Append($"""
                  - name: {YamlText.Of(map.Table)}
                    description: {YamlText.OfTemplate(CommentText.Of(map))}
                    config:
                      loaded_at_query: {YamlText.Of(LastReading(map))}
                    columns:

            """);
        var fields = map.Columns.ToDictionary(f => f.Column);
        foreach (var (column, words) in CommentText.OfColumns(map))
            AddColumn(map, column, words, fields.GetValueOrDefault(column));
    }

    private void AddColumn(EntityMap map, string column, string words, FieldMap? field)
    {
        _text.Append($"""
                      - name: {YamlText.Of(column)}
                        description: {YamlText.OfTemplate(words)}
                        quote: true

            """);
        List<string> tests =
        [
            .. column == map.Key ? ["unique", "not_null"] : Array.Empty<string>(),
            .. field?.From.Any(n => n is BubbleField.Created or BubbleField.Modified) == true ? [Synced()] : Array.Empty<string>(),
            .. field is not null && Target(field) is { } target ? [Link(column, target)] : Array.Empty<string>(),
        ];
        _tests += tests.Count;
        if (tests.Count > 0)
            _text.Append($"            data_tests:\n{string.Concat(tests.Select(t => $"              - {t}\n"))}");
    }

    // A list holds several ids, and a link to one of several entities is in one of their tables: dbt has no test for either.
    private EntityMap? Target(FieldMap field) =>
        field is { Relation: [var entity], Mask: null, Type: "text" } ? maps.FirstOrDefault(m => m.Name == entity) : null;

    // Rows that the application added itself have no dates of Bubble.
    private static string Synced() => $"""
        not_null:
                          config:
                            where: {YamlText.Of($"{Identifier.Quote(Clocks.SyncedAt)} is not null")}
        """;

    // A missing target is normal in real data, and a literal such as admin_user_live is no link.
    private string Link(string column, EntityMap target) => $"""
        relationships:
                          arguments:
                            to: {YamlText.Of($"source('{options.SourceName}', '{target.Table}')")}
                            field: {YamlText.Of(Identifier.Quote(target.Key))}
                          config:
                            severity: warn
                            where: {YamlText.Of($"{Identifier.Quote(column)} ~ '^[0-9]+x[0-9]+$'")}
        """;

    // When a row was written last says little: an app in which nothing changes is as fresh as its last verified reading.
    private string LastReading(EntityMap map) =>
        "select max(least(r.started_at, r.upper_bound, e.watermark_limit, t.watermark_limit)) "
        + "from bubblesync.run r join bubblesync.run_entity e using (run_id) left join bubblesync.run_target t using (run_id, entity) "
        + $"where r.target_schema = {Identifier.Literal(schema)} and e.entity = {Identifier.Literal(map.Name)} and r.kind in ('resync', 'incremental') "
        + "and not coalesce((r.options ->> 'dryRun')::boolean, false) and not coalesce((r.options ->> 'backfill')::boolean, false) "
        + "and coalesce((e.proof ->> 'isComplete')::boolean, false)";

    private static string Period(TimeSpan time)
    {
        var minutes = (long)Math.Ceiling(time.TotalMinutes);
        var (count, period) = minutes % 1440 == 0 ? (minutes / 1440, "day") : minutes % 60 == 0 ? (minutes / 60, "hour") : (minutes, "minute");
        return Invariant($"{{ count: {count}, period: {period} }}");
    }

    private static SyncException Unusable(string option, string message) =>
        new(new SyncError(SyncStage.Settings, null, null, option, ErrorCode.Usage, message));
}
