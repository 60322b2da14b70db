using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Packages;

/// <summary>A fact about what the Dockerfile builds, which takes a minute or more; skipped unless it is asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainerFactAttribute : FactAttribute
{
    internal const string Variable = "BUBBLESYNC_TEST_CONTAINER";

    public ContainerFactAttribute() => Skip =
        Environment.GetEnvironmentVariable(Variable) != "true" ? $"The steps of the Dockerfile take a minute. {Variable}=true runs this test."
        : OperatingSystem.IsWindows() ? UnixFactAttribute.Reason
        : null;
}
