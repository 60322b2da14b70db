namespace BubbleSync.EmbeddedPostgres;

/// <summary>Finds PostgreSQL's programs for users.</summary>
public static class ClientProgram
{
    /// <summary>
    /// Returns the path of <c>psql</c>: beside the server's programs, in the folder that <c>BUBBLESYNC_PG_BIN</c> names, in those of <c>PATH</c>, or in the
    /// usual ones of the system. Null where there is none; npm's package of the server has none.
    /// </summary>
    /// <param name="binFolder">Where the server's programs are; null where that is not known.</param>
    public static string? FindPsql(string? binFolder)
    {
        var name = OperatingSystem.IsWindows() ? "psql.exe" : "psql";
        var path = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        return new[] { binFolder, Environment.GetEnvironmentVariable(BinarySearch.Variable) }
            .Concat(path).Concat(UsualFolders.NewestFirst())
            .Where(folder => !string.IsNullOrWhiteSpace(folder))
            .Select(folder => Path.Combine(folder!, name)).FirstOrDefault(File.Exists);
    }
}
