using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>A fact about the native program, which takes minutes to build; skipped unless it is asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeFactAttribute : FactAttribute
{
    internal const string Variable = "BUBBLESYNC_TEST_NATIVE";

    public NativeFactAttribute() => Skip =
        Environment.GetEnvironmentVariable(Variable) != "true" ? $"The native build takes minutes. {Variable}=true runs this test."
        : OperatingSystem.IsWindows() ? UnixFactAttribute.Reason
        : ProgramFactAttribute.Missing("clang") is null ? null : ProgramFactAttribute.Missing("gcc");
}
