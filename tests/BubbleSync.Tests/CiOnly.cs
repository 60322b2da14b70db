namespace BubbleSync.Tests;

/// <summary>The trait of test classes that <c>run.sh test</c> leaves out unless <c>CI</c> is set: they cost much, or test what changes rarely.</summary>
internal static class CiOnly
{
    /// <summary>The name of the trait.</summary>
    public const string Trait = "Run";

    /// <summary>Its value.</summary>
    public const string Value = "Ci";
}
