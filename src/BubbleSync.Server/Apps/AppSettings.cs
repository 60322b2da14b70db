using BubbleSync.Etl.Settings;

namespace BubbleSync.Server.Apps;

/// <summary>An app that the server syncs: one Bubble app and one schema.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Settings">Its settings.</param>
internal sealed record AppSettings(string Name, SyncSettings Settings);
