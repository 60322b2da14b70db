namespace BubbleSync.Tests.Packages;

/// <summary>The Dockerfile as its instructions, in order.</summary>
internal sealed record Dockerfile(IReadOnlyList<(string Word, string Words)> Instructions)
{
    /// <summary>Reads that of the repository.</summary>
    public static Dockerfile Read() => new(
    [
        .. File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile")).ReplaceLineEndings("\n").Replace("\\\n", "", StringComparison.Ordinal)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' ', 2)).Select(parts => (parts[0], parts[1].Trim())),
    ]);

    /// <summary>What is copied from the repository before the first instruction that begins like this, with where it goes.</summary>
    public IEnumerable<(string From, string To)> CopiedBefore(string instruction) =>
        from copy in Instructions.TakeWhile(i => !$"{i.Word} {i.Words}".StartsWith(instruction, StringComparison.Ordinal))
        where copy.Word == "COPY" && !copy.Words.StartsWith("--from", StringComparison.Ordinal)
        let words = copy.Words.Split(' ')
        from source in words[..^1]
        select (source, words[^1]);
}
