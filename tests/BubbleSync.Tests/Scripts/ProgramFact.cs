using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>A fact about a program of others; skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(string program) => Skip = Missing(program);

    internal static string? Missing(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.Any(
            f => File.Exists(Path.Combine(f, program)) || File.Exists(Path.Combine(f, program + ".exe"))) ? null : $"{program} is not installed.";
    }
}

/// <summary>A theory about the same.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProgramTheoryAttribute : TheoryAttribute
{
    public ProgramTheoryAttribute(string program) => Skip = ProgramFactAttribute.Missing(program);
}
