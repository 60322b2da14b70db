namespace BubbleSync.Tests;

/// <summary>Where the repository's own files are, from wherever the tests run.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution file.</summary>
    internal static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "BubbleSync.Etl.sln"))
            ? folder
            : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run from inside the repository."));
}
