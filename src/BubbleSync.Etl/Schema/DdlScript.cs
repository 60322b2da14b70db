using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Schema;

/// <summary>The additions that close the gaps, as a script for psql: tables by level, then columns, then indexes.</summary>
internal sealed class DdlScript(SchemaScripts scripts, string schema)
{
    /// <summary>Builds a script.</summary>
    /// <param name="tables">The entities whose tables are missing.</param>
    /// <param name="completed">Statements that add what the maps have and the scripts of these tables lack.</param>
    /// <param name="findings">The other gaps.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<string> OfAsync(
        IReadOnlyList<EntityMap> tables, IReadOnlyList<string> completed, IReadOnlyList<SchemaFinding> findings, CancellationToken cancellationToken)
    {
        var (changes, additions) =
            (findings.Where(f => f is { Finding: SchemaFindingKind.ColumnMisfit, Ddl: not null })
                .ToList(), findings.Where(f => f.Finding != SchemaFindingKind.ColumnMisfit && f.Ddl is not null).ToList());
        var text = new StringBuilder("-- What the tables lack for the maps and for Bubble's fields, as the audit of the schema found it. Additions only.\n");
        if (tables.Count + additions.Count == 0)
            text.Append("-- Nothing is lacking.\n");
        else
            text.Append($"begin;\nset local search_path = {Identifier.Quote(schema)};\n");

        foreach (var table in tables)
            text.Append($"\n{await scripts.ScriptAsync(table, cancellationToken)}");
        if (completed.Count > 0)
            text.Append($"\n-- Fields that the maps gained since these scripts were written.\n{string.Join('\n', completed)}\n");
        foreach (var finding in additions.OrderBy(f => f.Finding == SchemaFindingKind.IndexMissing).ThenBy(f => f.Entity, StringComparer.Ordinal))
            text.Append($"\n{Comment(finding.Entity, Word.Of(finding.Finding), finding.BubbleField)}\n{finding.Ddl}\n");
        if (tables.Count + additions.Count > 0)
            text.Append("\ncommit;\n");

        if (changes.Count > 0)
            text.Append("\n-- Changes, not additions: --apply does not make them. Look at each, then run it by hand.\n");
        foreach (var change in changes)
            text.Append($"{Comment(change.Entity, change.BubbleField, change.Message)}\n{Ddl.Comment(change.Ddl!)}\n");
        return text.ToString();
    }

    private static string Comment(params string[] words) => Ddl.Comment(string.Join(": ", words.Where(w => w.Length > 0)));
}
