using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>The tests that share the browser, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedBrowser : ICollectionFixture<Browser>
{
    /// <summary>Its name.</summary>
    public const string Name = "browser";
}
