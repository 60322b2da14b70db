using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>The files of proposed entities, beside existing files.</summary>
internal sealed class ScaffoldFiles(RunSettings folders, IReadOnlyList<EntityMap> maps)
{
    private const string Schema = "../entity.schema.json";

    // A run needs the folder; this file keeps it in version control.
    private const string Patches = "SQL files `NNN-name.sql` in this folder fix data after every sync, in name order: each set-based, repeatable, a "
        + "transaction of its own.\n";

    /// <summary>The names that files have already.</summary>
    public static IEnumerable<string> Taken(RunSettings folders) =>
        new[] { folders.Entities, folders.Schema }
            .Where(Directory.Exists).SelectMany(Directory.EnumerateFiles).Select(file => Path.GetFileNameWithoutExtension(file));

    /// <summary>The map's path.</summary>
    public string MapOf(EntityMap map) => Path.Combine(folders.Entities, map.File);

    /// <summary>The path of the table's script.</summary>
    public string TableOf(EntityMap map) => Path.Combine(folders.Schema, $"{map.Table}.sql");

    /// <summary>Writes all of them, or none: if one fails, or if the maps cannot be read back, those that were written are removed.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var written = new List<string>();
        try
        {
            foreach (var map in maps)
            {
                await WriteAsync(MapOf(map), MapText.Of(map, File.Exists(Path.Combine(folders.Entities, Schema)) ? Schema : null), written, cancellationToken);
                await WriteAsync(TableOf(map), $"{Ddl.Comment($"{map.Name}: one row for each record of the Bubble type {map.BubbleType}.")}\n-- Run only "
                    + $"where the table is missing, with search_path set to the target schema.\n{TableScript.Of(map)}", written, cancellationToken);
            }

            if (maps.Count > 0)
                EntityMapReader.Read(folders.Entities);
            if (!Directory.Exists(folders.Patches))
                await WriteAsync(Path.Combine(folders.Patches, "README.md"), Patches, written, cancellationToken);
        }
        catch (Exception failure)
        {
            written.ForEach(File.Delete);
            if (failure is IOException or UnauthorizedAccessException)
                throw new SyncException(new SyncError(SyncStage.Settings, null, null, "Run:Entities", ErrorCode.Settings, "The files cannot be written: "
                    + $"{failure.Message}"), failure);
            throw;
        }
    }

    private static async Task WriteAsync(string path, string text, List<string> written, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var file = new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write));
        written.Add(path);
        await file.WriteAsync(text.AsMemory(), cancellationToken);
    }
}
