using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Page.Parts;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Page.Orders;

/// <summary>What a button for a next action says, and what it does: it orders a run, or it leads to another page.</summary>
internal static class ActionOrder
{
    /// <summary>Returns the words on the button.</summary>
    public static string Label(NextAction action) => action.Kind switch
    {
        NextActionKind.Doctor => "Check the settings",
        NextActionKind.Resume => "Resume the run",
        NextActionKind.ResyncEntities => $"Resync{Of(action)}",
        NextActionKind.ForceResync => $"Resync{Of(action)} and take Bubble's values",
        NextActionKind.Backfill => $"Fill new columns{Of(action)}",
        NextActionKind.PruneSoft or NextActionKind.SyncIncremental => $"Mark deleted rows{Of(action)}",
        NextActionKind.SyncChanges => $"Sync changes{Of(action)}",
        NextActionKind.FixPatch => "Run the patches",
        NextActionKind.ShowRejects => "Show rejected records",
        NextActionKind.Reprocess => "Reprocess rejected records",
        NextActionKind.ShowConflicts => "Show conflicts",
        NextActionKind.AuditLinks => "Show missing links",
        NextActionKind.ApplySchema or NextActionKind.AuditSchema or NextActionKind.ApplyAdditions or NextActionKind.Scaffold => "Compare the schema",
        NextActionKind.CreateTables => "Create the tables and resync",
        NextActionKind.AcceptSource => "Accept the new address",
        NextActionKind.ListRuns => "Show the runs",
        NextActionKind.SyncInvoices => $"Sync {Show.Count(action.BubbleIds.Count, "invoice")}",
        NextActionKind.SyncRecords => $"Sync {Show.Count(action.BubbleIds.Count, "record")}{Of(action)}",
        NextActionKind.Verify => $"Verify{Of(action)}",
        _ => $"Verify{Of(action)} strictly",
    };

    /// <summary>Returns the order of the action; null where it leads to a page instead.</summary>
    public static RunOrder? Order(NextAction action)
    {
        var resync = new RunOrder { Kind = SyncKind.Resync, Entities = action.Entities };
        return action.Kind switch
        {
            NextActionKind.Resume => new RunOrder { Kind = SyncKind.Resync, Run = action.RunId },
            NextActionKind.ForceResync => resync with { Force = true },
            NextActionKind.PruneSoft => resync with { Prune = PruneMode.Soft },
            NextActionKind.AcceptSource => resync with { AcceptSource = true },
            NextActionKind.SyncIncremental => resync with { Kind = SyncKind.Incremental, Prune = PruneMode.Soft },
            NextActionKind.SyncChanges => resync with { Kind = SyncKind.Incremental },
            NextActionKind.FixPatch => new RunOrder { Kind = SyncKind.Patch },
            NextActionKind.Reprocess => new RunOrder { Kind = SyncKind.Reprocess, Run = action.RunId },
            NextActionKind.SyncInvoices => new RunOrder { Kind = SyncKind.Invoice, Ids = action.BubbleIds },
            NextActionKind.SyncRecords => new RunOrder { Kind = SyncKind.Record, Entity = action.Entities[0], Ids = action.BubbleIds },
            NextActionKind.Verify => new RunOrder { Kind = SyncKind.Verify, Entities = action.Entities },
            NextActionKind.VerifyStrictly => new RunOrder { Kind = SyncKind.Verify, Entities = action.Entities, Strict = true },
            _ => null,
        };
    }

    /// <summary>Returns the address of the page that the action leads to.</summary>
    public static string Address(string app, NextAction action) => action.Kind switch
    {
        // The form shows plan and cost before the run starts.
        NextActionKind.ResyncEntities => Form(app, action, ""),
        NextActionKind.Backfill => Form(app, action, "backfill=true"),
        NextActionKind.CreateTables => Form(app, action, "create=true"),
        NextActionKind.Doctor => $"/apps/{app}/checks",
        NextActionKind.ShowRejects => $"/apps/{app}/runs/{action.RunId}/rejected",
        NextActionKind.ShowConflicts => $"/apps/{app}/runs/{action.RunId}/log?level=warning",
        NextActionKind.AuditLinks => $"/apps/{app}/links",
        NextActionKind.ListRuns => $"/apps/{app}/runs",
        _ => $"/apps/{app}/schema",
    };

    private static string Form(string app, NextAction action, string option)
    {
        var query = string.Join('&', action.Entities.Select(e => $"entity={Uri.EscapeDataString(e)}").Append(option).Where(w => w.Length > 0));
        return $"/apps/{app}/start/resync{(query.Length > 0 ? "?" : "")}{query}";
    }

    private static string Of(NextAction action) => action.Entities.Count switch
    {
        0 => "",
        <= 3 => $" of {string.Join(", ", action.Entities)}",
        var many => $" of {Show.Count(many, "entity", "entities")}",
    };
}
