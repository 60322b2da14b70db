// The time zone of the browser. Times on the page are shown in it.
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? null;

// A restarted server does not know the page any more: the page loads itself again.
const lost = 'rejected';
document.getElementById('components-reconnect-modal')?.addEventListener('components-reconnect-state-changed', change => {
  if (change.detail.state === lost) {
    location.reload();
  }
});
