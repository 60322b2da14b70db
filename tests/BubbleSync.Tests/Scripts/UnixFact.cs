using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>A fact about what only Unix has: shell scripts, signals.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    internal const string Reason = "Windows has no shell scripts and no signals.";

    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? Reason : null;
}

/// <summary>A theory about the same.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? UnixFactAttribute.Reason : null;
}
