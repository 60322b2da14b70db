using System.Runtime.CompilerServices;

namespace BubbleSync.Simulator.Generation;

/// <summary>Hot: the links of a record to others. Both sides compute the same pairs, so links agree without being stored.</summary>
internal static class DraftLinks
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Id(this Draft draft, RecordId id)
    {
        draft.Output.Raw((byte)'"');
        draft.Output.Number(id.Milliseconds);
        draft.Output.Raw((byte)'x');
        draft.Output.Digits(id.Suffix, 18);
        draft.Output.Raw((byte)'"');
        return true;
    }

    /// <summary>A link to that record; one in a hundred names a record that is gone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Link(this Draft draft, Kind target, long index) =>
        draft.Below(100) == 0 ? draft.LinkToNothing() : draft.Id(draft.Dataset[target].Id(index));

    /// <summary>A link to a record that this app does not have, or to a type that is not generated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool LinkToNothing(this Draft draft)
    {
        var moment = Timeline.Start - Mix.Below(draft.Next(), 30_000_000_000);
        return draft.Id(new(moment, RecordId.AnySuffix(draft.Next())));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool LinksToNothing(this Draft draft, int count)
    {
        count = Math.Min(count, draft.LongestList);
        draft.Output.Raw((byte)'[');
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                draft.Output.Raw((byte)',');
            draft.LinkToNothing();
        }

        draft.Output.Raw((byte)']');
        return true;
    }

    /// <summary>The list of all children of this record, of one type or of two; none when there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Children(this Draft draft, Kind first, Kind? second = null)
    {
        draft.Output.Raw((byte)'[');
        var any = draft.Range(draft.Dataset.Children(draft.Kind, draft.Index, first), first, false);
        if (second is { } other)
            any = draft.Range(draft.Dataset.Children(draft.Kind, draft.Index, other), other, any);
        draft.Output.Raw((byte)']');
        return any;
    }

    /// <summary>The customer of the first invoice that a registration stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long CustomerOfRegistration(this Draft draft)
    {
        var invoice = draft.Dataset.Children(Kind.Registration, draft.Index, Kind.Invoice).From;
        return draft.Dataset.Parent(Kind.Invoice, Math.Min(invoice, draft.Dataset.Count(Kind.Invoice) - 1), Kind.Customer);
    }

    /// <summary>The registration of a customer's first invoice, if the customer has one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool RegistrationOfCustomer(this Draft draft)
    {
        var (from, to) = draft.Dataset.Children(Kind.Customer, draft.Index, Kind.Invoice);
        return from < to && draft.Link(Kind.Registration, draft.Dataset.Parent(Kind.Invoice, from, Kind.Registration));
    }

    /// <summary>The ways a user signs in, with an address of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Login(this Draft draft)
    {
        draft.Output.Raw("{\"email\":{\"email\":\"user"u8);
        draft.Output.Number(draft.Index);
        draft.Output.Raw("@example.com\",\"email_confirmed\":"u8);
        draft.YesNo();
        draft.Output.Raw("}}"u8);
        return true;
    }

    /// <summary>A user's id, or the literal that Bubble writes for records made through the API.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Author(this Draft draft)
    {
        if (draft.Below(20) == 0)
            draft.Output.Raw("\"admin_user_simulator_test\""u8);
        else
            draft.Link(Kind.User, Mix.Below(draft.Next(), draft.Dataset.Count(Kind.User)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Range(this Draft draft, (long From, long To) range, Kind kind, bool any)
    {
        var to = Math.Min(range.To, range.From + draft.LongestList);
        for (var index = range.From; index < to; index++)
        {
            if (any)
                draft.Output.Raw((byte)',');
            draft.Id(draft.Dataset[kind].Id(index));
            any = true;
        }

        return any;
    }
}
