using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Schema;

/// <summary>Tables that are missing, as they would be made.</summary>
/// <param name="Catalogue">All tables of the schema with them.</param>
/// <param name="Completed">The statements that add what their maps have beyond their scripts.</param>
internal sealed record TablePreview(Catalogue Catalogue, IReadOnlyList<string> Completed);
