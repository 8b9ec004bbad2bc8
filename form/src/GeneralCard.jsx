import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import SettingsForm from "./SettingsForm.jsx";

// What is not an account's own: the sender, and which account sends and fetches.
export default function GeneralCard({ title, ...rest }) {
  return (
    <Paper component="section" aria-labelledby="general-title" sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography id="general-title" variant="h2" sx={{ mb: 2 }}>{title}</Typography>
      <SettingsForm base="" {...rest} />
    </Paper>
  );
}
