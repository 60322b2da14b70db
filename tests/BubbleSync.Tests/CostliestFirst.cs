using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("BubbleSync.Tests.CostliestFirst", "BubbleSync.Tests")]

namespace BubbleSync.Tests;

/// <summary>Begins with the test classes that cost much, so that none of them is left alone with one processor at the end.</summary>
public sealed class CostliestFirst : ITestCollectionOrderer
{
    private const string Words = "Test collection for ";

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(IsCostly).ThenBy(c => c.DisplayName, StringComparer.Ordinal);

    private static bool IsCostly(ITestCollection collection) =>
        collection.DisplayName.StartsWith(Words, StringComparison.Ordinal)
        && typeof(CostliestFirst).Assembly.GetType(collection.DisplayName[Words.Length..]) is { } tests
        && tests.GetCustomAttributesData().Any(a => a.ConstructorArguments.Any(v => v.Value as string == CiOnly.Value));
}
