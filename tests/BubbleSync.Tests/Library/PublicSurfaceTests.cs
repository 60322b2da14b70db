using BubbleSync.Etl;
using PublicApiGenerator;
using Xunit;

namespace BubbleSync.Tests.Library;

/// <summary>The public types and members of the library, as approved. A change of them is a decision, and belongs in CHANGELOG.md.</summary>
public sealed class PublicSurfaceTests
{
    private static readonly string Approved = Path.Combine(Repository.Root, "tests", "BubbleSync.Tests", "Library", "PublicSurface.approved.txt");

    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        var surface = typeof(SyncEngine).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n");

        var received = Path.Combine(AppContext.BaseDirectory, "PublicSurface.received.txt");
        File.WriteAllText(received, surface);
        Assert.True(
            surface == File.ReadAllText(Approved).ReplaceLineEndings("\n"),
            $"The public surface has changed. If that is meant, copy {received} to {Approved}.");
    }
}
