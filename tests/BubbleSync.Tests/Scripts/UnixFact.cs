using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>A fact about a shell script.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    internal const string Reason = "Shell scripts do not run on Windows.";

    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? Reason : null;
}

/// <summary>A theory about a shell script.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? UnixFactAttribute.Reason : null;
}
